SELECT rolpassword FROM pg_authid WHERE rolname = %(role)s
