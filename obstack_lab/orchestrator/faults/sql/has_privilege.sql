SELECT has_table_privilege(%(role)s, %(table)s, %(privilege)s)
