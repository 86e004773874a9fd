-- The JSON without what does not matter, to be told apart by. ?1 text.
SELECT json(?1);
