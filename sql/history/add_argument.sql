SELECT json_insert(?1, '$.arguments[#]', ?2);
