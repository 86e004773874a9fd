INSERT INTO timing(work, subject, median, low, high, samples) VALUES(?1, ?2, ?3, ?4, ?5, ?6);
