"""The engine, module by module, and through stories."""
