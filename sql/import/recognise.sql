-- The tool that wrote a file, by its content; NULL for an unknown one, '' where it is no JSON. ?1 text.
SELECT CASE WHEN NOT json_valid(?1) THEN ''
            WHEN json_type(?1, '$.benchmarks') = 'array' AND json_type(?1, '$.machine_info') IS NOT NULL
              THEN 'pytest-benchmark'
            WHEN json_type(?1, '$.benchmarks') = 'array' AND json_type(?1, '$.context') IS NOT NULL
              THEN 'Google Benchmark'
            WHEN json_type(?1, '$.results') = 'array' AND EXISTS (
                     SELECT 1 FROM json_each(?1, '$.results') AS r
                      WHERE r.type = 'object' AND json_type(iif(r.type = 'object', r.value, '{}'), '$.command') IS NOT NULL)
              THEN 'hyperfine' END;
