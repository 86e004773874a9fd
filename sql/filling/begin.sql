-- Begins the table ?1 of the source ?2 and the map ?3.
INSERT OR REPLACE INTO main.pricereport_into(name, source, map, rows, started_at, changed_at)
  VALUES (?1, ?2, ?3, 0, strftime('%Y-%m-%dT%H:%M:%SZ'), strftime('%Y-%m-%dT%H:%M:%SZ'));
