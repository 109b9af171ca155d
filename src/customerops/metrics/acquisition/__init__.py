"""How customers are won: activation, trials that turn into customers, referrals."""
