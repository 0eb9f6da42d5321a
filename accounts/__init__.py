"""Who people are: staff, customers, sites, and what each may do."""
