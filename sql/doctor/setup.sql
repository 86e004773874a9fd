CREATE TABLE finding(place INTEGER PRIMARY KEY, "check" TEXT, state TEXT, found TEXT, advice TEXT);
