package sourcetest

import (
	"database/sql"
	"fmt"
	"os/exec"
	"path/filepath"

	"github.com/go-sql-driver/mysql"
)

// Maria is a MariaDB server whose account root has no password.
type Maria struct{ *Server }

// MariaDB starts a server that ends with the test.
func MariaDB(t T) Maria {
	t.Helper()
	m, err := StartMariaDB(folder(t))
	started(t, m.Server, err)
	return m
}

// StartMariaDB starts a server in an empty folder; Stop ends it.
func StartMariaDB(dir string) (Maria, error) {
	server, err := program("mariadbd")
	if err != nil {
		return Maria{}, err
	}
	install, err := program("mariadb-install-db")
	if err != nil {
		return Maria{}, err
	}
	data := filepath.Join(dir, "data")
	if out, err := exec.Command(install, "--no-defaults", "--datadir="+data, "--auth-root-authentication-method=normal", "--skip-test-db", "--user="+me()).CombinedOutput(); err != nil {
		return Maria{}, fmt.Errorf("mariadb-install-db: %w\n%s", err, out)
	}
	address, err := freePort()
	if err != nil {
		return Maria{}, err
	}
	m := Maria{&Server{Address: address}}
	answers := func() error {
		db, err := sql.Open("mysql", m.DSN(""))
		if err != nil {
			return err
		}
		defer db.Close()
		return db.Ping()
	}
	s, err := run(dir, address, answers, server, "--no-defaults", "--datadir="+data, "--user="+me(), "--bind-address=127.0.0.1", "--port="+portOf(address),
		"--socket="+filepath.Join(dir, "sock"), "--pid-file="+filepath.Join(dir, "pid"), "--innodb-buffer-pool-size=64M", "--innodb-flush-log-at-trx-commit=0",
		"--performance-schema=OFF", "--skip-name-resolve", "--local-infile=0")
	return Maria{s}, err
}

// DSN is how root reaches a database, in the words of the Go driver.
func (m Maria) DSN(database string) string {
	return "root@tcp(" + m.Address + ")/" + database + "?multiStatements=true"
}

// Exec runs statements as root, in a database or in none.
func (m Maria) Exec(database, statements string) error {
	_ = mysql.SetLogger(&mysql.NopLogger{})
	db, err := sql.Open("mysql", m.DSN(database))
	if err != nil {
		return err
	}
	defer db.Close()
	_, err = db.Exec(statements)
	return err
}
