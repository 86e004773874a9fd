SELECT UserID, CAST(strftime('%M', EventTime) AS INTEGER) AS m, SearchPhrase, count(*) FROM hits
 GROUP BY UserID, m, SearchPhrase ORDER BY count(*) DESC LIMIT 10;
