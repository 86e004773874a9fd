SELECT verb = 'experiment' FROM run WHERE run = ?1;
