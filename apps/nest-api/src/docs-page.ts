import { accessTokenSecurity, accessTokenSecurityScheme } from '@countersign/nest';
import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import type { Settings } from './settings.ts';

/** Serves the OpenAPI page at `/docs`, and its document at `/docs-json`. */
export function setUpDocsPage(app: INestApplication, settings: Settings): void {
  const description = new DocumentBuilder()
    .setTitle('Countersign demo API')
    .setDescription(
      [
        `Accepts access tokens of <${settings.issuer}> for \`${settings.audience}\`.`,
        'An operation with a lock requires one. Its summary names the required scope.',
        'To call it from here, choose **Authorize** and paste a token.',
      ].join(' '),
    )
    .setVersion('1.0')
    .addSecurity(accessTokenSecurity, accessTokenSecurityScheme())
    .build();
  SwaggerModule.setup(
    'docs',
    app,
    () => addAccessToSummaries(SwaggerModule.createDocument(app, description)),
    {
      customSiteTitle: 'Countersign demo API',
      customCss,
    },
  );
}

type Operation = { summary?: string; security?: Record<string, string[]>[] };

/** Adds the requirements to the summaries, because the page shows the rest only after an operation is expanded. */
function addAccessToSummaries(document: OpenAPIObject): OpenAPIObject {
  for (const path of Object.values(document.paths)) {
    for (const operation of [path.get, path.post, path.delete] as (Operation | undefined)[]) {
      if (operation)
        operation.summary = [operation.summary, formatAccess(operation)].filter(Boolean).join(' · ');
    }
  }
  return document;
}

function formatAccess({ security = [] }: Operation): string {
  const alternatives = security.map((requirement) => requirement[accessTokenSecurity]);
  if (alternatives.includes(undefined)) return 'public';
  const scopes = alternatives.map((each = []) => each.join(' ')).join(' or ');
  return scopes === '' ? 'any access token' : scopes;
}

/** The light and dark colours of the other demo pages. Hides the bar with the logo of Swagger. */
const customCss = `
  body { background: #f4f6f5; }
  html.dark-mode, html.dark-mode body { background: #0f1413; color-scheme: dark; }
  .swagger-ui, .swagger-ui .scheme-container, html.dark-mode .swagger-ui, html.dark-mode .swagger-ui .scheme-container {
    background: none;
    box-shadow: none;
  }
  .swagger-ui .topbar { display: none; }
  .swagger-ui .info { margin: 2.5rem 0 1.5rem; }
  .swagger-ui .scheme-container { padding: 0 0 1rem; }
  .swagger-ui .btn.authorize, .swagger-ui .btn.authorize svg { border-color: currentColor; color: #0b6b5d; fill: currentColor; }
  html.dark-mode .swagger-ui .btn.authorize, html.dark-mode .swagger-ui .btn.authorize svg { color: #63d2bb; }
  .swagger-ui .opblock .opblock-summary-description { font-size: 0.85rem; }
`;
