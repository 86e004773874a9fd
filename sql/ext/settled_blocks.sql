-- In the order in which they came.
SELECT rowset FROM block ORDER BY block;
