{{- define "turnstile.fullname" -}}
{{- if contains .Chart.Name .Release.Name }}{{ .Release.Name | trunc 40 | trimSuffix "-" }}
{{- else }}{{ printf "%s-%s" .Release.Name .Chart.Name | trunc 40 | trimSuffix "-" }}{{ end }}
{{- end }}

{{- /* (dict "root" $ "component" "gateway") */ -}}
{{- define "turnstile.selector" -}}
app.kubernetes.io/name: {{ .root.Chart.Name }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{- define "turnstile.labels" -}}
{{ include "turnstile.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- end }}

{{- /* (dict "root" $ "image" .Values.gateway.image) */ -}}
{{- define "turnstile.image" -}}
{{- $tag := .image.tag | default .root.Chart.AppVersion -}}
{{ .root.Values.imageRegistry }}{{ .image.repository }}{{ if hasPrefix "sha256:" $tag }}@{{ else }}:{{ end }}{{ $tag }}
{{- end }}

{{- define "turnstile.pod" -}}
automountServiceAccountToken: false
enableServiceLinks: false
{{- with .root.Values.imagePullSecrets }}
imagePullSecrets: {{ toYaml . | nindent 2 }}
{{- end }}
securityContext:
  runAsNonRoot: true
  runAsUser: {{ .user }}
  runAsGroup: {{ .user }}
  fsGroup: {{ .user }}
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile: {type: RuntimeDefault}
topologySpreadConstraints:
  {{- range list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
  - maxSkew: 1
    topologyKey: {{ . }}
    whenUnsatisfiable: ScheduleAnyway
    labelSelector: {matchLabels: {{ include "turnstile.selector" $ | fromYaml | toJson }}}
  {{- end }}
{{- end }}

{{- define "turnstile.hardened" -}}
securityContext: {allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: {drop: [ALL]}}
{{- end }}

{{- /* The identifier of the networks: a claim, or an image by its tag. */ -}}
{{- define "turnstile.modelsId" -}}
{{- printf "%s %s" (include "turnstile.image" (dict "root" .root "image" .image)) .root.Values.models.existingClaim | sha256sum | trunc 8 }}
{{- end }}

{{- define "turnstile.modelsVolume" -}}
{{- if .Values.models.existingClaim }}
- name: models
  persistentVolumeClaim: {claimName: {{ .Values.models.existingClaim }}, readOnly: true}
{{- else }}
- name: models
  emptyDir: {sizeLimit: 2Gi}
{{- end }}
{{- end }}

{{- define "turnstile.modelsInit" -}}
{{- if not .root.Values.models.existingClaim }}
initContainers:
  - name: models
    image: {{ include "turnstile.image" . }}
    imagePullPolicy: {{ .root.Values.imagePullPolicy }}
    {{- include "turnstile.hardened" . | nindent 4 }}
    resources: {requests: {cpu: 50m, memory: 32Mi}, limits: {memory: 256Mi}}
    volumeMounts: [{name: models, mountPath: /target}]
{{- end }}
{{- end }}

{{- define "turnstile.databaseHost" -}}
{{ .Values.database.external.host | default (printf "%s-postgres" (include "turnstile.fullname" .)) }}
{{- end }}

{{- define "turnstile.tritonSecret" -}}
{{- with .Values.triton.existingSecret }}
- name: TURNSTILE_TRITON_SECRET
  valueFrom: {secretKeyRef: {name: {{ . }}, key: secret}}
{{- end }}
{{- end }}

{{- /* auth, with the values of its former name `people`. */ -}}
{{- define "turnstile.auth" -}}
{{- mergeOverwrite (deepCopy .Values.auth) .Values.people | toYaml }}
{{- end }}

{{- /* The environment of the gateway, the worker, the migration and the backup. */ -}}
{{- define "turnstile.environment" -}}
{{- $database := .Values.database.external }}
{{- $auth := include "turnstile.auth" . | fromYaml }}
- name: TURNSTILE_DATABASE_URL
  value: postgresql://{{ $database.user }}@{{ include "turnstile.databaseHost" . }}:{{ $database.port }}/{{ $database.name }}
- name: PGSSLMODE
  value: {{ ternary $database.sslMode "prefer" (ne $database.host "") }}
{{- if hasPrefix "verify-" $database.sslMode }}
- {name: PGSSLROOTCERT, value: {{ ternary "/etc/turnstile/ca.crt" "system" (ne $database.caSecret "") }}}
{{- end }}
- name: PGPASSWORD
  valueFrom: {secretKeyRef: {name: {{ required "database.existingSecret: name a secret with the key `password`" .Values.database.existingSecret }}, key: password}}
{{- include "turnstile.tritonSecret" . }}
- {name: TURNSTILE_DATA_FOLDER, value: /var/lib/turnstile}
{{- if .Values.backup.enabled }}
- {name: TURNSTILE_BACKUP_DUE_S, value: "86400"}  # for the alert TurnstileBackupMissing
{{- end }}
- {name: TURNSTILE_INSTITUTION, value: {{ $auth.institution | quote }}}
{{- with .Values.blobs.s3 }}
{{- if .url }}
- {name: TURNSTILE_BLOB_URL, value: {{ .url | quote }}}
{{- if .region }}
- {name: AWS_REGION, value: {{ .region | quote }}}
{{- end }}
{{- if .endpoint }}
- {name: AWS_ENDPOINT_URL_S3, value: {{ .endpoint | quote }}}
{{- end }}
{{- if .existingSecret }}
{{- range list "AWS_ACCESS_KEY_ID" "AWS_SECRET_ACCESS_KEY" }}
- name: {{ . }}
  valueFrom: {secretKeyRef: {name: {{ $.Values.blobs.s3.existingSecret }}, key: {{ . }}}}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- with $auth }}
{{- if .publicUrl }}
- {name: TURNSTILE_PUBLIC_URL, value: {{ .publicUrl | quote }}}
{{- end }}
{{- if .trustedProxies }}
- {name: TURNSTILE_TRUSTED_PROXIES, value: {{ .trustedProxies | quote }}}
{{- end }}
{{- if .oidc.issuer }}
- {name: TURNSTILE_OIDC_ISSUER, value: {{ .oidc.issuer | quote }}}
- {name: TURNSTILE_OIDC_CLIENT_ID, value: {{ .oidc.clientId | quote }}}
{{- if .oidc.existingSecret }}
- name: TURNSTILE_OIDC_CLIENT_SECRET
  valueFrom: {secretKeyRef: {name: {{ .oidc.existingSecret }}, key: client-secret}}
{{- end }}
{{- end }}
{{- end }}
{{- range $name, $value := .Values.gateway.settings }}
- {name: TURNSTILE_{{ $name | upper }}, value: {{ $value | toString | quote }}}
{{- end }}
{{- end }}

{{- define "turnstile.tritonUrl" -}}
dns:///{{ include "turnstile.fullname" . }}-triton-{{ include "turnstile.modelsId" (dict "root" . "image" .Values.models.image) }}:8001
{{- end }}

{{- define "turnstile.volumes" -}}
{{- include "turnstile.modelsVolume" .root }}
{{- include "turnstile.caVolume" .root }}
- name: scratch
  emptyDir: {sizeLimit: {{ .scratchSize }}}
{{- include "turnstile.dataVolume" .root }}
{{- end }}

{{- define "turnstile.dataVolume" }}
- name: data
{{- if .Values.blobs.s3.url }}
  emptyDir: {sizeLimit: 1Gi}
{{- else }}
  persistentVolumeClaim: {claimName: {{ .Values.blobs.claim.existingClaim | default (printf "%s-blobs" (include "turnstile.fullname" .)) }}}
{{- end }}
{{- end }}

{{- define "turnstile.caVolume" -}}
{{- with .Values.database.external.caSecret }}
- name: ca
  secret: {secretName: {{ . }}, items: [{key: ca.crt, path: ca.crt}]}
{{- end }}
{{- end }}

{{- define "turnstile.caMount" -}}
{{- if .Values.database.external.caSecret }}
- {name: ca, mountPath: /etc/turnstile, readOnly: true}
{{- end }}
{{- end }}

{{- define "turnstile.mounts" -}}
- {name: models, mountPath: /models, readOnly: true}
- {name: scratch, mountPath: /tmp}
- {name: data, mountPath: /var/lib/turnstile}
{{- include "turnstile.caMount" . }}
{{- end }}
