package interop;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.gen.RSAKeyGenerator;
import com.nimbusds.jose.jwk.source.JWKSource;
import com.nimbusds.jose.proc.SecurityContext;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.context.annotation.Bean;
import org.springframework.core.annotation.Order;
import org.springframework.security.config.Customizer;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.core.userdetails.User;
import org.springframework.security.core.userdetails.UserDetailsService;
import org.springframework.security.oauth2.core.AuthorizationGrantType;
import org.springframework.security.oauth2.core.ClientAuthenticationMethod;
import org.springframework.security.oauth2.server.authorization.InMemoryOAuth2AuthorizationService;
import org.springframework.security.oauth2.server.authorization.OAuth2Authorization;
import org.springframework.security.oauth2.server.authorization.OAuth2AuthorizationService;
import org.springframework.security.oauth2.server.authorization.client.InMemoryRegisteredClientRepository;
import org.springframework.security.oauth2.server.authorization.client.RegisteredClient;
import org.springframework.security.oauth2.server.authorization.client.RegisteredClientRepository;
import org.springframework.security.oauth2.server.authorization.settings.AuthorizationServerSettings;
import org.springframework.security.oauth2.server.authorization.settings.ClientSettings;
import org.springframework.security.oauth2.server.authorization.settings.TokenSettings;
import org.springframework.security.provisioning.InMemoryUserDetailsManager;
import org.springframework.security.web.SecurityFilterChain;
import org.springframework.security.web.authentication.LoginUrlAuthenticationEntryPoint;
import org.springframework.security.web.util.matcher.RequestMatcher;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RestController;

/** An authorization server with two clients and one user. It takes its addresses from properties. */
@SpringBootApplication
@RestController
public class Server {
  @Value("${interop.issuer}")
  String issuer;

  @Value("${interop.application}")
  String application;

  @Value("${interop.secret}")
  String secret;

  @Value("${interop.password}")
  String password;

  private final AtomicReference<JWKSet> keys = new AtomicReference<>(createKeys());
  private final Set<OAuth2Authorization> authorizations = ConcurrentHashMap.newKeySet();
  private final InMemoryOAuth2AuthorizationService service = new InMemoryOAuth2AuthorizationService();

  public static void main(String[] args) {
    SpringApplication.run(Server.class, args);
  }

  @Bean
  @Order(1)
  SecurityFilterChain authorizationServer(HttpSecurity http) throws Exception {
    http.oauth2AuthorizationServer(
        server -> {
          http.securityMatcher(server.getEndpointsMatcher());
          server.oidc(Customizer.withDefaults());
        });
    return http.authorizeHttpRequests(requests -> requests.anyRequest().authenticated())
        .exceptionHandling(
            handling ->
                handling.authenticationEntryPoint(new LoginUrlAuthenticationEntryPoint("/login")))
        .build();
  }

  /** What an administrator does. The port is on loopback, behind the proxy of the tests. */
  @Bean
  @Order(2)
  SecurityFilterChain administration(HttpSecurity http) throws Exception {
    RequestMatcher paths = request -> request.getRequestURI().startsWith("/administration/");
    return http.securityMatcher(paths)
        .csrf(csrf -> csrf.disable())
        .authorizeHttpRequests(requests -> requests.anyRequest().permitAll())
        .build();
  }

  @Bean
  @Order(3)
  SecurityFilterChain login(HttpSecurity http) throws Exception {
    return http.authorizeHttpRequests(requests -> requests.anyRequest().authenticated())
        .formLogin(Customizer.withDefaults())
        .build();
  }

  @PostMapping("/administration/end")
  void endSessions() {
    authorizations.forEach(service::remove);
  }

  @PostMapping("/administration/rotate")
  void rotateKeys() {
    keys.set(createKeys());
  }

  @Bean
  OAuth2AuthorizationService authorizationService() {
    return new OAuth2AuthorizationService() {
      @Override
      public void save(OAuth2Authorization authorization) {
        service.save(authorization);
        authorizations.add(authorization);
      }

      @Override
      public void remove(OAuth2Authorization authorization) {
        service.remove(authorization);
      }

      @Override
      public OAuth2Authorization findById(String id) {
        return service.findById(id);
      }

      @Override
      public OAuth2Authorization findByToken(
          String token, org.springframework.security.oauth2.server.authorization.OAuth2TokenType type) {
        return service.findByToken(token, type);
      }
    };
  }

  @Bean
  JWKSource<SecurityContext> keySource() {
    return (selector, context) -> selector.select(keys.get());
  }

  @Bean
  AuthorizationServerSettings settings() {
    return AuthorizationServerSettings.builder().issuer(issuer).build();
  }

  @Bean
  UserDetailsService users() {
    return new InMemoryUserDetailsManager(
        User.withUsername("alice").password("{noop}" + password).roles("USER").build());
  }

  @Bean
  RegisteredClientRepository clients() {
    TokenSettings tokens =
        TokenSettings.builder()
            .accessTokenTimeToLive(Duration.ofSeconds(300))
            .reuseRefreshTokens(false)
            .build();
    RegisteredClient web =
        RegisteredClient.withId("web")
            .clientId("web")
            .clientSecret("{noop}" + secret)
            .clientAuthenticationMethod(ClientAuthenticationMethod.CLIENT_SECRET_BASIC)
            .authorizationGrantType(AuthorizationGrantType.AUTHORIZATION_CODE)
            .authorizationGrantType(AuthorizationGrantType.REFRESH_TOKEN)
            .redirectUri(application + "/auth/callback")
            .postLogoutRedirectUri(application + "/")
            .scope("openid")
            .scope("profile")
            .clientSettings(ClientSettings.builder().requireAuthorizationConsent(true).build())
            .tokenSettings(tokens)
            .build();
    RegisteredClient direct =
        RegisteredClient.withId("direct")
            .clientId("direct")
            .clientAuthenticationMethod(ClientAuthenticationMethod.NONE)
            .authorizationGrantType(AuthorizationGrantType.AUTHORIZATION_CODE)
            .redirectUri(application + "/direct/callback")
            .scope("openid")
            .scope("profile")
            .clientSettings(ClientSettings.builder().requireProofKey(true).build())
            .tokenSettings(tokens)
            .build();
    return new InMemoryRegisteredClientRepository(web, direct);
  }

  private static JWKSet createKeys() {
    try {
      return new JWKSet(new RSAKeyGenerator(2048).keyIDFromThumbprint(true).generate());
    } catch (JOSEException error) {
      throw new IllegalStateException(error);
    }
  }
}
