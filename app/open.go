package app

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"os"
	"path/filepath"
	"time"

	"github.com/rempart/rempart/core/boot"
	"github.com/rempart/rempart/services"
)

// open builds the house of a configuration; made tells that its folder did not exist before.
func open(ctx context.Context, cfg *Config, log *slog.Logger) (h *boot.House, made bool, err error) {
	if made, err = makeData(cfg.Data); err != nil {
		return nil, false, err
	}
	h, err = boot.New(ctx, cfg.boot(log))
	return h, made, err
}

// boot turns the configuration into that of the house.
func (c *Config) boot(log *slog.Logger) boot.Config {
	proxies, _ := c.Server.proxies() // checked
	return boot.Config{
		Services: services.All,
		Data:     c.Data, URL: c.Database.URL, KeysURL: c.Database.Keys, Connections: c.Database.Connections,
		Keys:   c.Keys.boot(),
		Origin: c.Server.Origin, Proxies: proxies, Mail: c.Mail,
		CheckpointFolders: c.Journal.Folders, CheckpointMails: c.Journal.MailTo, Witnesses: c.Journal.Witnesses, WitnessOf: c.Journal.witnessed(),
		Declared: boot.Declared{
			Region: c.Host.Region, Copies: c.Host.Copies, Disk: c.Host.Disk, DatabaseDisk: c.Host.DatabaseDisk, Sockets: c.Host.Ports,
		},
		Settings: c.Settings, Log: log, Version: version(),
	}
}

// makeData makes the data folder for its owner only, and refuses one that others can enter.
func makeData(dir string) (made bool, err error) {
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return true, os.MkdirAll(dir, 0o700)
	case err != nil:
		return false, err
	case !info.IsDir():
		return false, fmt.Errorf("%s is not a folder", dir)
	case info.Mode().Perm()&0o077 != 0:
		return false, fmt.Errorf("%s can be entered by others (mode %04o): chmod 700 %s", dir, info.Mode().Perm(), dir)
	}
	entries, err := os.ReadDir(dir)
	return len(entries) == 0, err
}

// certificate gives the TLS configuration of a domain: the operator's certificate, read again when its file changes, or one of
// our own that is kept in the data folder.
func (c *Config) certificate() (*tls.Config, error) {
	certFile, keyFile := c.Server.Certificate, c.Server.Key
	if certFile == "" {
		certFile, keyFile = filepath.Join(c.Data, "tls.crt"), filepath.Join(c.Data, "tls.key")
		if _, err := os.Stat(certFile); errors.Is(err, os.ErrNotExist) {
			if err := makeCertificate(c.Server.Domain, certFile, keyFile); err != nil {
				return nil, fmt.Errorf("certificate: %w", err)
			}
		}
	}
	cert, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err != nil {
		return nil, fmt.Errorf("certificate: %w", err)
	}
	if err := cert.Leaf.VerifyHostname(c.Server.Domain); err != nil {
		return nil, fmt.Errorf("certificate: %w", err)
	}
	reload := &reloading{certFile: certFile, keyFile: keyFile, cert: &cert, read: time.Now()}
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: reload.get, NextProtos: []string{"h2", "http/1.1"}}, nil
}

// makeCertificate writes a self-signed certificate for a name, good for a year.
func makeCertificate(name, certFile, keyFile string) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return err
	}
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		NotBefore: now.Add(-time.Hour), NotAfter: now.AddDate(1, 0, 0),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return err
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	if err := writePEM(keyFile, "PRIVATE KEY", secret); err != nil {
		return err
	}
	return writePEM(certFile, "CERTIFICATE", der)
}

func writePEM(path, kind string, der []byte) error {
	return os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600)
}

// quiet is the log of commands that print their own answer: only what went wrong.
func quiet(w io.Writer, c LogConfig) *slog.Logger {
	c.Level, c.Format = "warn", "text"
	return newLog(w, c)
}
