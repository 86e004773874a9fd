-- The tool that wrote a file, by its content; NULL for an unknown one, '' where it is no JSON. ?1 text.
SELECT CASE WHEN NOT json_valid(?1) THEN ''
            WHEN json_type(?1, '$.go') = 'array' THEN 'go test'
            WHEN json_type(?1, '$.criterion') = 'array' THEN 'criterion'
            WHEN json_type(coalesce(?1 -> '$.asv', ?1), '$.results') = 'object'
             AND json_type(coalesce(?1 -> '$.asv', ?1), '$.commit_hash') = 'text' THEN 'asv'
            WHEN json_type(?1, '$[0].primaryMetric') = 'object' AND json_type(?1, '$[0].benchmark') = 'text' THEN 'JMH'
            WHEN json_type(?1, '$.benchmarks[0].runs') = 'array' THEN 'pyperf'
            WHEN json_type(?1, '$.benchmarks') = 'array' AND json_type(?1, '$.machine_info') IS NOT NULL
              THEN 'pytest-benchmark'
            WHEN json_type(?1, '$.benchmarks') = 'array' AND json_type(?1, '$.context') IS NOT NULL
              THEN 'Google Benchmark'
            WHEN json_type(?1, '$.results') = 'array' AND EXISTS (
                     SELECT 1 FROM json_each(?1, '$.results') AS r
                      WHERE r.type = 'object' AND json_type(iif(r.type = 'object', r.value, '{}'), '$.command') IS NOT NULL)
              THEN 'hyperfine' END;
