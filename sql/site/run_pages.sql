-- The runs in their order: number, whether detailed, whether drawn.
SELECT run, detailed, drawn FROM temp.site_run ORDER BY position;
