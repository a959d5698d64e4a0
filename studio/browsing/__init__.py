"""Looking into datasets: examples with their truths, histograms, facts."""
