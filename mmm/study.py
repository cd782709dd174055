"""One whole analysis, pure: data and specification in, fitted model, effects, checks and plan out."""
