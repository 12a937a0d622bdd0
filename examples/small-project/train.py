"""Fit a line to data/points.csv by stochastic gradient descent, and print a digest of the result."""

import hashlib
import os

import numpy as np

import envguard

run = envguard.enforce(seed=42)

here = os.path.dirname(os.path.abspath(__file__))
points = np.loadtxt(os.path.join(here, "data", "points.csv"), delimiter=",")
x, y = points[:, 0], points[:, 1]

weights = np.random.normal(size=2)
for _ in range(20):
    for i in np.random.permutation(len(x)):
        error = weights[0] * x[i] + weights[1] - y[i]
        weights -= 0.01 * error * np.array([x[i], 1.0])

print("verdict", run.receipt.verdict, "seed", run.seed)
print("weights", hashlib.sha256(weights.tobytes()).hexdigest())
