"""Customer success: health scores and what they foretell, onboarding, adoption, contacts due."""
