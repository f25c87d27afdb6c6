-- A form that was opened to edit rows and never closed.
SELECT * FROM {table} ORDER BY 1 LIMIT {rows} FOR UPDATE
