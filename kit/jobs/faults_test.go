//go:build faults

package jobs_test

import "testing"

func TestTwoNodesShareAHundredThousandJobs(t *testing.T) { twoNodes(t, 100_000) }
