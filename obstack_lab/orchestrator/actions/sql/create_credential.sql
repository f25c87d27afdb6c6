DROP ROLE IF EXISTS {role};
CREATE ROLE {role} LOGIN INHERIT PASSWORD {password} IN ROLE shop;
ALTER ROLE {role} SET role = 'shop';
