-- psql: reads the files of the tables of TPC-H, which stand in the current folder.
\copy region FROM region.csv (FORMAT csv)
\copy nation FROM nation.csv (FORMAT csv)
\copy part FROM part.csv (FORMAT csv)
\copy supplier FROM supplier.csv (FORMAT csv)
\copy partsupp FROM partsupp.csv (FORMAT csv)
\copy customer FROM customer.csv (FORMAT csv)
\copy orders FROM orders.csv (FORMAT csv)
\copy lineitem FROM lineitem.csv (FORMAT csv)
