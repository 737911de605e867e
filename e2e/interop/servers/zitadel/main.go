// Runs the example server of zitadel/oidc with the addresses and clients of the tests.
package main

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"log"
	"net/http"
	"os"
	"strings"
	"sync"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/uuid"
	"github.com/zitadel/oidc/v3/example/server/exampleop"
	"github.com/zitadel/oidc/v3/example/server/storage"
	"github.com/zitadel/oidc/v3/pkg/op"
)

// key is the signing key, and its public part.
type key struct {
	id      string
	private *rsa.PrivateKey
}

func (k *key) ID() string                                  { return k.id }
func (k *key) SignatureAlgorithm() jose.SignatureAlgorithm { return jose.RS256 }
func (k *key) Key() any                                    { return k.private }

type publicKey struct{ *key }

func (k publicKey) Algorithm() jose.SignatureAlgorithm { return jose.RS256 }
func (k publicKey) Use() string                        { return "sig" }
func (k publicKey) Key() any                           { return &k.private.PublicKey }

func createKey() *key {
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		log.Fatal(err)
	}
	return &key{uuid.NewString(), private}
}

// client issues access tokens in JWT format, and names where a logout may return to.
type client struct {
	op.Client
	application string
}

func (c client) AccessTokenType() op.AccessTokenType { return op.AccessTokenTypeJWT }
func (c client) PostLogoutRedirectURIs() []string    { return []string{c.application + "/"} }

// store is the store of the example, with keys that an administrator can replace.
type store struct {
	*storage.Storage
	application string
	mutex       sync.Mutex
	key         *key
}

func (s *store) getKey() *key {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.key
}

func (s *store) rotateKeys() {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.key = createKey()
}

func (s *store) SigningKey(context.Context) (op.SigningKey, error) { return s.getKey(), nil }
func (s *store) KeySet(context.Context) ([]op.Key, error) {
	return []op.Key{publicKey{s.getKey()}}, nil
}

func (s *store) GetClientByClientID(ctx context.Context, id string) (op.Client, error) {
	found, err := s.Storage.GetClientByClientID(ctx, id)
	if err != nil {
		return nil, err
	}
	return client{found, s.application}, nil
}

func main() {
	issuer, application := os.Getenv("ISSUER"), os.Getenv("APPLICATION")
	storage.RegisterClients(
		storage.WebClient("web", os.Getenv("SECRET"), application+"/auth/callback"),
		storage.NativeClient("direct", application+"/direct/callback"),
	)
	stored := &store{
		Storage:     storage.NewStorage(storage.NewUserStore(issuer)),
		application: application,
		key:         createKey(),
	}
	server := exampleop.SetupServer(issuer, stored, nil, false)
	handler := func(response http.ResponseWriter, request *http.Request) {
		path, isAdministration := strings.CutPrefix(request.URL.Path, "/administration/")
		switch {
		case !isAdministration:
			server.ServeHTTP(response, request)
		case path == "rotate":
			stored.rotateKeys()
		default:
			if err := stored.TerminateSession(request.Context(), path, "web"); err != nil {
				http.Error(response, err.Error(), http.StatusInternalServerError)
			}
		}
	}
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), http.HandlerFunc(handler)))
}
