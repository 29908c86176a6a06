// Package statistics gives figures about many that tell nothing about one.
//
// Every figure is a count of persons with noise of the discrete Laplace distribution, drawn exactly, with integers alone and from the
// system's random source (Canonne, Kamath, Steinke 2020, algorithm 2): floating point gives nothing away. Each person counts
// once per figure. What a figure costs is taken from a privacy budget per organization and month; beyond it the question is refused.
// A figure that was given is kept and given again: asking twice shows the same noise. Figures below a smallest group are not shown.
//
// Owns: the noise, the measures, what was given, the budget. Must not know: any room (Needs gives who falls into which group).
// Start reading at: noise.go, then measure.go (what can be asked), ask.go (budget and memory).
package statistics
