// Command rempart serves the platform and does everything around it; run it without arguments for the list.
package main

import (
	"os"

	"github.com/rempart/rempart/app"
)

func main() { os.Exit(app.Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }
