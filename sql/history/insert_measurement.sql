INSERT INTO measurement(run, benchmark, position)
VALUES (?1, (SELECT benchmark FROM benchmark WHERE name = ?2 AND parameters = ?3), ?4)
RETURNING measurement;
