-- What python_functions.py printed (?1): a row per round of a figure, with the figure's bar.
SELECT figure.value ->> 'what', figure.value ->> 'unit', figure.value ->> 'kind', figure.value ->> 'limit', round.value
FROM json_each(?1) AS figure, json_each(figure.value, '$.rounds') AS round
ORDER BY figure.key, round.key
