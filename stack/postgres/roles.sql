-- Run once, in template1, by the superuser `lab`.
create extension if not exists pg_stat_statements;

-- The services' role: owns the data.
create role shop login password :'shop_password';

-- The operator's: looks at everything, may end sessions, changes no data.
create role operator login password :'operator_password';

grant pg_monitor, pg_read_all_data, pg_signal_backend to operator;

create database shop owner shop;

