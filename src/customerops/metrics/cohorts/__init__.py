"""Who returns, cohort by cohort."""
