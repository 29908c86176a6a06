// Package jobs does work later, once more after a failure, and at set times, on both engines.
//
// Owns: the tables jobs_job and jobs_schedule, leases, retries, schedules. Must not know: what any job does.
// Start reading at: Jobs.Enqueue (a job is written in the transaction of the act that wants it), then Jobs.Run, then
// Schedule.
//
// A job runs at least once: a node that dies leaves a lease that ends, and another node takes the job. Handlers are
// therefore idempotent by job id, or finish their job in the transaction of their effect (Run.Complete), which makes
// it exactly once. Times are those of the database, so that nodes whose clocks differ agree. The payload holds ids
// only: a job never carries a personal datum, so that an erasure has nothing to look for here.
package jobs
