"""What rights ask of logs and of published tables: erasure, its ledger, export, small cells."""
