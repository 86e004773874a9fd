SELECT WatchID, ClientIP, count(*) AS c, sum(IsRefresh), avg(ResolutionWidth) FROM hits WHERE SearchPhrase <> ''
 GROUP BY WatchID, ClientIP ORDER BY c DESC LIMIT 10;
