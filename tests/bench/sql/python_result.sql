-- What published.py --json printed (?1), of its only row.
SELECT (SELECT sum(value) FROM json_each(?1, '$.rows[0].seconds')), json_extract(?1, '$.rows[0].sum');
