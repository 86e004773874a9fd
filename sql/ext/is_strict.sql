-- Whether table ?1, of schema ?2 or where a bare name is found, is STRICT.
SELECT strict FROM pragma_table_list WHERE name = ?1 COLLATE NOCASE AND schema = coalesce(?2, schema) COLLATE NOCASE
ORDER BY schema = 'temp' DESC, schema = 'main' DESC LIMIT 1
