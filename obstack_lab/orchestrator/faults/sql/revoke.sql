REVOKE {privilege} ON {table} FROM {role}
