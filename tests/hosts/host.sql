.bail on
.load build/ext/pricemap
.mode list
.output queries.sql
SELECT iif(name = 'killed', '.read go' || char(10), '') || '.output ' || name || '.rows' || char(10) || sql || ';'
    FROM queries ORDER BY id;
.output
.mode quote
.read queries.sql
.output
-- The shell has this function and workers do not.
.bail off
SELECT value FROM parallel_map('goods', 'sha3(id)', 'processes', 2);
-- Closes the connection: not every shell has .close.
.open :memory:
.output closed
.print yes
.output
