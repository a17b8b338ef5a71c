"""Model kinds, training, evaluation, the gate, bundles and the registry."""
