-- The subject of the page, in one line. ?1 run.
SELECT caption FROM run_caption WHERE run = ?1;
