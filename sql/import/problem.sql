SELECT place || ': expected ' || expected FROM problem LIMIT 1;
