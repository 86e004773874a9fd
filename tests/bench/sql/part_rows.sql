-- The rows that the last map was evaluated for.
SELECT rows_in FROM parallel_map_runs ORDER BY run DESC LIMIT 1;
