-- The JSON without what does not matter, by which files are distinguished. ?1 text.
SELECT json(?1);
