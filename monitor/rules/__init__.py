"""Rules: their YAML shape, their expression language, its compilation to SQL, and their evaluation."""
