INSERT INTO fact(name, value) VALUES(?1, ?2);
