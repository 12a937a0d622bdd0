#!/bin/sh
# A job script as there are many: each rank takes as many threads as its node seems to have. Here rank 0 takes 1, and rank 1 takes 2.
OMP_NUM_THREADS=$((LOCAL_RANK + 1)) exec python train_ranks.py
